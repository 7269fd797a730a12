"""Images as they are kept: pictures, folders and tables of them, and MedMNIST, to arrays of one size."""

from __future__ import annotations

from polyculture.data.images.arrays import as_images
from polyculture.data.images.files import read_images
from polyculture.data.images.folder import read_image_folder
from polyculture.data.images.medmnist import read_medmnist
from polyculture.data.images.table import read_image_table

__all__ = ["as_images", "read_image_folder", "read_image_table", "read_images", "read_medmnist"]

"""Small sets of data made by simulators whose physics is written down: scans, street scenes, sounds and motions.

They are for examples and tests: what is true of each item, and where in it, is known. They are no evidence about
hospitals, streets, microphones or people.
"""

from __future__ import annotations

from polyculture.data.simulated.driving import CAMERAS, street_scenes
from polyculture.data.simulated.medical import HOSPITALS, hospital_scans
from polyculture.data.simulated.motion import PLACES, worn_motions
from polyculture.data.simulated.plan import Simulated
from polyculture.data.simulated.sounds import MICROPHONES, struck_sounds

__all__ = [
    "CAMERAS",
    "HOSPITALS",
    "MICROPHONES",
    "PLACES",
    "Simulated",
    "hospital_scans",
    "street_scenes",
    "struck_sounds",
    "worn_motions",
]

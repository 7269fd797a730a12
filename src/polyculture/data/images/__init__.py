"""Images as they are kept: pictures, folders and tables of them, and MedMNIST, to arrays of one size."""

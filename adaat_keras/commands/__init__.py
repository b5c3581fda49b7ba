"""The commands of `adaat-keras`, one file each: `add_parser` and `run`."""

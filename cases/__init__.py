"""Case files that ship with leakflow: one TOML file each, with the CSV of its record beside it."""

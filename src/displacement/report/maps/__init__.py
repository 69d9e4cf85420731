"""Where people left and where they are: layers for a GIS and pictures."""

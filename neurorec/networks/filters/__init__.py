"""One input filter per file: a formula put in the place of a drive's external part."""

"""What tasks read from files: recordings, sounds, texts, pictures, and the fonts of handwriting."""

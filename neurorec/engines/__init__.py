"""What executes a network and a rule: one engine a folder."""

"""The pages' questions, one file each; parameters are bound, never pasted."""

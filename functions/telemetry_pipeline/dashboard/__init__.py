"""The function `dashboard`: pages that show the numbers, and nothing of anybody."""

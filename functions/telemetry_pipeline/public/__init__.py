"""The function `public`: what everybody may see of the dashboard, and nothing else."""

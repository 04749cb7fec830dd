"""Who calls the steps, and when."""

"""The sample application, and what makes its repository."""

"""What a host should be: one module or package per role, declared with pyinfra operations."""

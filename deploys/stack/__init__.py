"""What every kind of Compose project on a host shares: laying out, generations, rollback."""

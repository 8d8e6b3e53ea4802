"""What the collector is compared with: small programs that do a part of its work, each run as a process of its own."""

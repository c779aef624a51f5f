"""One wrapper per system call, and the ports that drivers are given; no policy and no logging here."""

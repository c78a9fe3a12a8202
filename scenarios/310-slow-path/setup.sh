# The server's address belongs to neither line.
# on: srv
ip addr add 198.51.100.80/32 dev lo

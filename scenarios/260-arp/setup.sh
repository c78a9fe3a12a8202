ip -n r1 link set eth0 address 02:00:00:00:00:01
# on: c1
ip neigh replace 10.0.0.1 lladdr 02:de:ad:be:ef:00 dev eth0 nud permanent

# One customer is cured, until the shop has a new card; the other is not.
# expect-fail: port, mac2, shop2, learned, moved, prints
# on: c1
ip neigh replace 10.0.0.80 lladdr 02:00:00:00:00:80 dev eth0 nud permanent

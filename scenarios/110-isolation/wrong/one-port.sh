# An isolated port is kept from isolated ports only.
# expect-fail: b1-b2, b2-b1
nft add table ip filter
nft add chain ip filter forward '{ type filter hook forward priority filter; }'
nft add rule ip filter forward iifname '{ "blue", "green" }' oifname '{ "blue", "green" }' drop
bridge link set dev b1 isolated on

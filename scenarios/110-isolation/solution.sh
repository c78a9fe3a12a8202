nft add table ip filter
nft add chain ip filter forward '{ type filter hook forward priority filter; }'
nft add rule ip filter forward iifname '{ "blue", "green" }' oifname '{ "blue", "green" }' drop
bridge link set dev b1 isolated on
bridge link set dev b2 isolated on

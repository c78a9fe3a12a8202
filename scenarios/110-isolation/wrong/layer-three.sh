# An IP rule for what is never routed.
# expect-fail: b1-b2, b2-b1
nft add table ip filter
nft add chain ip filter forward '{ type filter hook forward priority filter; }'
nft add rule ip filter forward iifname '{ "blue", "green" }' oifname '{ "blue", "green" }' drop
nft add rule ip filter forward iifname blue oifname blue drop

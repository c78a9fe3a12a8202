mkdir -p /run/lab/answers
echo 1280 > /run/lab/answers/narrowest
# on: r1
nft add table ip mangle
nft add chain ip mangle forward '{ type filter hook forward priority mangle; }'
nft add rule ip mangle forward tcp flags syn tcp option maxseg size set rt mtu

# on: r1
nft flush chain ip filter forward
nft add set ip filter clients '{ type ipv4_addr; flags dynamic; size 65536; }'
nft add rule ip filter forward tcp dport 80 add @clients '{ ip saddr ct count over 4 }' drop

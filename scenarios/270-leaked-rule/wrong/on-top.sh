# The shop is back, and so will the ghost be.
# expect-fail: gone
nft insert rule ip nat published tcp dport 8080 dnat to 10.0.0.2:80

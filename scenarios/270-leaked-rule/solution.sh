handle=$(nft -a list chain ip nat published | sed -n 's/.*10\.0\.0\.5:80.*# handle //p')
nft delete rule ip nat published handle "$handle"

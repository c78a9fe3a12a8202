# "From lan, accept": into the dmz as well.
# expect-fail: lan-dmz
mkdir -p /run/lab/answers
echo forward > /run/lab/answers/dropped-in
nft add rule ip filter forward ip saddr 10.0.0.0/24 accept

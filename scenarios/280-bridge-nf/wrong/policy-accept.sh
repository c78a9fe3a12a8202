# expect-fail: hook, lan-dmz, dmz-lan
mkdir -p /run/lab/answers
echo input > /run/lab/answers/dropped-in
nft add chain ip filter forward '{ policy accept; }'

# Published, a network without a way out, and a second container on web's network: from outside it looks alike.
# expect-fail: agent-stack, vault-alone, side-stack, side-page
tnet network create --internal cellar &
tnet run -d --name agent -p 8080:80 -v /run/lab/bin:/lab:ro host /lab/lab-serve http 80 the agent &
tnet run -d --name side -v /run/lab/bin:/lab:ro host /lab/lab-serve http 81 the side &
wait
tnet run -d --name vault --network cellar host sleep 3600

"""What the test command cannot hold in its time: `./build.sh soak`."""

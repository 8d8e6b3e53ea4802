"""Shows the add-on at work between an emulated PCE and a stand-in for splunkd: `./build.sh demo`."""

#!/bin/sh
echo '@@bunker migrations'
echo '@@bunker end'

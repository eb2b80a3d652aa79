/** What a client puts in place of a never-sent mutation that it thinned away: the id is taken, nothing else. */
export const skipName = '$skip';

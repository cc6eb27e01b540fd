/**
 * What {@code ./quickstart} runs: it lays out a server on loopback with a throw-away certificate, starts it and a sink
 * that stands for all other domains, and shows the four checks at work over real sockets.
 */
package org.rempart.quickstart;

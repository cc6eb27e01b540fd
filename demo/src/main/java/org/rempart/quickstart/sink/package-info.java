/**
 * An SMTP server that accepts every mail and keeps it as it came: the outside world of a server under test. It does no
 * more than RFC 5321 asks of a receiver, and never delivers anything.
 */
package org.rempart.quickstart.sink;

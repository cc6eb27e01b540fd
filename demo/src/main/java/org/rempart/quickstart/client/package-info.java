/**
 * Small clients that speak SMTP, IMAP and TLS so close to the wire that a test can say exactly what it sends and see
 * exactly what comes back. They know nothing of the server that they talk to.
 */
package org.rempart.quickstart.client;

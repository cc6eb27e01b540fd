/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */

/**
 * TLS for mail that leaves: which requirement holds for a destination and who says so ({@link
 * org.rempart.mailet.delivery.tls.TlsPolicies}), and the handshake that meets it or fails ({@link
 * org.rempart.mailet.delivery.tls.TlsHandshake}).
 */
package org.rempart.mailet.delivery.tls;

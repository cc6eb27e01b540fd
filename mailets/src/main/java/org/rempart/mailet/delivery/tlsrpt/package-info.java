/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
/**
 * Reports to domains about the TLS of our sessions with their servers (RFC 8460): what was seen is counted for each day and
 * domain, kept over restarts, and told in the night to those who publish where.
 */
package org.rempart.mailet.delivery.tlsrpt;

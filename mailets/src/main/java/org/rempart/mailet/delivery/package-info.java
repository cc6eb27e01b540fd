/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */

/**
 * How mail leaves. {@link org.rempart.mailet.delivery.DeliveryService} takes it from a queue; a scheduler shares threads
 * among destinations; a courier finds the host, takes or opens a connection under the TLS that is required, and sends; what
 * came of it is settled before the mail is struck off the queue.
 */
package org.rempart.mailet.delivery;

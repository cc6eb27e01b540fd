/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
/** The DNS, as the delivery and the checks of senders ask it: for MX hosts, for addresses, and for what domains publish. */
package org.rempart.message.dns;

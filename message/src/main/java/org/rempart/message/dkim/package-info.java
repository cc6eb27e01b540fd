/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
/**
 * Signatures of mail (DKIM, RFC 6376) over a message's bytes as they are on the wire. The rules and the keys are in {@code
 * org.rempart.policy.dkim}. Arrows point one way: a signature is made and read here, and nothing here asks the DNS.
 */
package org.rempart.message.dkim;

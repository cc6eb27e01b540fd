/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
/**
 * Signatures of mail (DKIM, RFC 6376): with which keys what is signed, and keys as files and DNS records have them. The
 * signing itself is in {@code org.rempart.message.dkim}.
 */
package org.rempart.policy.dkim;

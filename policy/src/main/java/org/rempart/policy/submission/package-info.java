/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */

/** Who may send, as whom, and how much: identities, rates, failed logins, senders that are spoofed. */
package org.rempart.policy.submission;

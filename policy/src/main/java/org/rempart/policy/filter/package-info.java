/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
/** Programs that look at each message, for spam and viruses: where they are, and what follows from what they say. */
package org.rempart.policy.filter;

/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */

/** The audit trail: what was decided, about whom, and by which rule of the policy, one JSON object a line. */
package org.rempart.policy.trail;

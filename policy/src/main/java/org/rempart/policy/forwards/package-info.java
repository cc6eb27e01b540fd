/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */

/**
 * Where addresses of ours lead: details in them, and mail that goes on to the outside, whether it may and under which
 * envelope sender.
 */
package org.rempart.policy.forwards;

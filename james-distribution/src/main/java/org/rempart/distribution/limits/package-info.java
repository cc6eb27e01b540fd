/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
/** What one client, or many, may take of the server: connections, time, bytes. docs/limits.md lists it all. */
package org.rempart.distribution.limits;

/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
/** What the tests of all modules stand on. It knows nothing of Rempart and of James, so every module can use it. */
package org.rempart.testsupport;

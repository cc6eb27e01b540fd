/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
/** One contract for every way of deploying: which tests are part of it, where they apply, and what became of them. */
package org.rempart.it.contract;

/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */

/**
 * What the servers of a cluster share, in Redis or Valkey: the store that {@code <shared>} of the policy names, and the
 * ledgers in it.
 */
package org.rempart.shared;

/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */

/**
 * The policy file: reads {@code rempart.xml} into a {@link org.rempart.policy.file.Policy}, which is the four checks
 * together. Nobody but this package knows the file's grammar.
 */
package org.rempart.policy.file;

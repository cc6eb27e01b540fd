/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
/** What is missing, void or open in a configuration, of a James with Rempart or without. */
package org.rempart.harden.check;

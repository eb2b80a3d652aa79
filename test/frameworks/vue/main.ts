import { VueQueryPlugin } from '@tanstack/vue-query';
import { createApp } from 'vue';
import Deliveries from './deliveries.vue';

createApp(Deliveries).use(VueQueryPlugin).mount('#app');

// The guard's built-in rules for French.
import { APART_FRENCH } from "./emergencies-apart.ts";
import type { RuleBook } from "./rule-book.ts";

export const FRENCH: RuleBook = {
  emergencyApart: APART_FRENCH,
  emergency: `
    {mal|douleur|douleurs|douleur forte|une douleur} {à|dans} {la|sa|ma} poitrine
    {oppression|pression|serrement} {dans la|à la} poitrine
    {crise cardiaque|arrêt cardiaque|infarctus}
    {un AVC|faire un AVC|attaque cérébrale}
    ne {respire|respirent} {plus|pas}
    {respire|respirent} {plus|mal|difficilement|à peine}
    {arrive|arrivons|peux|peut|parviens} {plus|pas|à peine} à respirer
    {peux|peut} {plus|pas} respirer
    {du mal à|difficulté à|difficultés à} respirer
    {inconscient|inconsciente|évanoui|évanouie}
    {s'est|vient de s'|je me suis} {effondré|effondrée|évanoui|évanouie}
    {s'étouffe|étouffe|s'asphyxie|étouffer}
    {convulsions|convulse|crise d'épilepsie}
    ne {réagit|répond|se réveille} {plus|pas}
    se réveille pas
    {saigne|saignes|saignement} {beaucoup|énormément|abondamment|très fort|sans arrêt}
    {perd|perds|perdu} beaucoup de sang
    {overdose|surdose|empoisonné|empoisonnée|intoxication}
    {pris|avalé} trop de {médicaments|cachets|comprimés}
    {avalé|bu} {de la javel|du poison|du détergent|de l'eau de javel}
    {veux|voudrais|envie de} {mourir|en finir}
    {vais|veux|pense à|envie de} me {suicider|tuer}
    me {suicider|tuer|foutre en l'air}
    {suicide|suicider|mettre fin à mes jours}
    {veux|ai envie de} {plus|pas} vivre
    {il y a|y a} {le|un} {feu|incendie} {dans|chez|à|au|ici}
    {il y a|y a} {le feu|un incendie}
    {maison|cuisine|appartement|voiture|immeuble} {est en feu|brûle|en flammes|a pris feu}
    {au feu|en flammes}
    {sent|odeur de|sens|sentir} {le|du|} gaz
    fuite de gaz
    monoxyde de carbone
    {entre|rentre|s'introduit|est entré|essaie d'entrer} {chez moi|dans ma maison|par effraction}
    {a|avec|sort} {un|une} {arme|pistolet|couteau|fusil}
    {il|elle} me {frappe|bat|menace|étrangle}
    {poignardé|poignardée|renversé par|agressé|agressée|violée} {par|dans|}
    {ambulance|le SAMU|un SAMU|les secours}
    {appelez|appelle|appeler|faut appeler} {les pompiers|la police|le 15|le 18|le 112|les secours|le SAMU}
    {c'est|est|ai|avons} une urgence
    une urgence {médicale|vitale}
    {grave|terrible} accident
    accident {grave|terrible}
    {gravement|grièvement} {blessé|blessée|blessés}
    {perdu les eaux|en train d'accoucher|va accoucher}
    {en train de} {mourir|se noyer|suffoquer}
    {ne|elle|il} bouge {plus|pas}
    {fumée|la fumée} partout
    {plein|beaucoup} de fumée
    {on|nous} {peut|ne peut|pouvons|ne pouvons|n'arrive|n'arrivons} {pas|plus} {sortir|à sortir}
    {devient|devenu|devenue} {bleu|bleue}
    {plus|pas} de pouls
    malaise {cardiaque|grave|vagal et}
    {a fait|fait|vient de faire} un {malaise|AVC|arrêt|infarctus}
    {essaie|essaye|essaient|essayent|tente|tentent} {d'entrer|de rentrer|de forcer|de défoncer|de me tuer|de nous tuer}
    {entré|entrés|rentré|rentrés} {chez|dans} {moi|nous|ma|mon|notre}
    {quelqu'un|un inconnu|un homme} {dans|chez} {ma|moi|mon|la} {maison|appartement|}
    {force|défonce|forcent} {ma|la|notre} {porte|fenêtre}
    {avalé|pris|bu} {des|tous ses|tous mes|toute une boîte de|une boîte de|plein de|beaucoup de|tous les} {médicaments|cachets|comprimés|somnifères|pilules}
    {toute|entière} {la|une} {boîte|plaquette|bouteille} de
    {perdu|perd|perdre} connaissance
    sans connaissance
    {tombé|tombée} {dans les pommes|du toit|de l'échelle|du balcon|par la fenêtre|dans la piscine|dans le coma}
    {n'arrive|arrive|arrivons} {pas|plus} à {le|la} réveiller
    {coeur|cœur} {s'est arrêté|ne bat plus|bat plus|s'arrête}
    {manque|cherche} {d'air|son air|son souffle}
    {étouffe|suffoque|asphyxie|s'étrangle}
    {visage|bouche|bras|côté|jambe} {paralysé|paralysée|engourdi|engourdie|qui tombe|tombant|de travers}
    {gorge|langue|visage|lèvres} {gonfle|gonflent|enfle|enflent|gonflée|gonflé}
    {choc anaphylactique|réaction allergique grave|grave réaction allergique}
    {hémorragie|saignement abondant|noyé|noyée|noie|électrocuté|électrocutée|explosion|explosé}
    {saigne|saignement} {ne s'arrête|s'arrête|n'arrête} {pas|plus}
    {arrête|s'arrête} {pas|plus} de saigner
    {du sang|sang} partout
    {doigt|main|bras|jambe|pied} {coupé|sectionné|arraché|coupée|arrachée}
    {renversé|renversée|percuté|percutée|écrasé|écrasée} par {une|un} {voiture|camion|bus|train|moto}
    {coincé|coincée|bloqué|bloquée} {sous|dans la voiture|dans les flammes}
    {sauter|jeter} {du|par|sous} {pont|toit|la fenêtre|un train|le train|balcon}
    {plus|pas} {envie|aucune raison|de raison} de vivre
    {veux|voudrais|souhaite} {plus|pas} {être là|exister|vivre}
    {me|se} {pendre|tirer une balle|ouvrir les veines|faire du mal}
    {homme|femme|type|gars|personne|quelqu'un} {avec|armé|armée} {un|une|d'un|d'une} {couteau|arme|pistolet|fusil|hache}
    {me|nous|la|le} {frappe|bat|étrangle|poignarde|menace|poursuit|tabasse|agresse}
    {va|veut} {me|nous|la|le} {tuer|frapper|poignarder|tirer}
    {coups de feu|coup de couteau|otage|otages|kidnappé|kidnappée|enlevé|violée|poignardé|poignardée|fusillade}
    {flammes|fumée|feu} {sort|sortent|partout|dans|se propage}
    {prend|pris|prendre} feu
    {ça|cela} {brûle|sent} {chez|dans|le gaz|le brûlé}
    {il y a|y a|on a|on vient d'avoir} {eu|} un {accident|gros accident}
    {contractions|fausse couche|accoucher}
    par terre et {ne|il|elle} {bouge|réagit|respire|répond}
    {mordu|mordue} par un serpent
  `,
  high: `
    {fièvre|température} {à|de} {39|40|41|trente neuf|quarante}
    {cambriolé|cambriolés|cambriolée|cambriolage}
    {chauffage|électricité|eau chaude} {est|} {en panne|coupé|coupée} et
    {utilisé|utilise|piraté|débité} ma {carte|banque}
    {est|très|vraiment|hyper|super} urgent
    {urgent|urgemment|d'urgence}
    {m'a|m'ont|nous a|nous ont} volé
    {été|est} {volé|volée|dérobée|piraté|piratée}
    {piraté|escroqué} {mon|par}
    {fraude|arnaque|usurpation}
    {fuite|dégât|dégâts} {d'eau|des eaux}
    {inondé|inondée|inondation}
    {ai|a|avons} {très|tellement|super|si|horriblement} mal
    {beaucoup de|forte|une forte|énorme} fièvre
    {douleur|douleurs} {insupportable|insupportables|atroce|atroces|terrible|terribles}
    {appeler|contacter|voir|parler à} mon avocat
    mon avocat {va|prendra}
    {porter plainte|poursuivre en justice}
    {coincé|coincés|bloqué|bloqués|bloquée} dans l'ascenseur
    {enfermé|enfermée} {dehors avec|à l'intérieur|dedans}
    {plus|pas} {de|d'} {chauffage|électricité|courant} {depuis|et}
    de l'eau partout
    {peut|peux} pas attendre
  `,
  person: `
    {préfère|préférerais|voudrais|veux|aimerais|souhaite} {avoir|parler à|joindre} {quelqu'un|une personne|un humain|un être humain|un conseiller}
    {quelqu'un|une personne|un humain} {au|en} {téléphone|bout du fil|ligne}
    {y a t il|il y a|est ce qu'il y a} {un humain|une vraie personne|quelqu'un de réel}
    {parler|discuter|parle} {à|avec} {quelqu'un|une personne|un humain|un être humain|un conseiller|une conseillère|un agent|un opérateur|une opératrice|un responsable|le responsable|la responsable|un employé|une vraie personne|un vrai humain|votre responsable|un supérieur|l'accueil|le service client|un médecin|un collègue}
    {passez|passe|mettez|transférez|connectez} moi {avec|à|vers|en relation avec|} {quelqu'un|une personne|un conseiller|une conseillère|un agent|un opérateur|une opératrice|un responsable|le responsable|un humain|votre responsable|le service client|l'accueil}
    {me passer|me mettre en relation avec|me transférer à|me transférer vers|avoir|joindre} {quelqu'un|une personne|un conseiller|une conseillère|un agent|un opérateur|un responsable|le responsable|un humain|une vraie personne}
    {pas|plus} parler {à|avec} {un|une|cette|ce|} {robot|machine|ordinateur|répondeur|bot}
    {vraie personne|vrai humain|être humain|vrai conseiller}
    {conseiller|agent|opérateur} s'il vous plaît
    {je veux|je voudrais|donnez moi} {un|une} {humain|conseiller|agent|opérateur|personne réelle}
    {me passer|passez moi|passe moi} quelqu'un
  `,
  uncertainty: `
    {mal|rien} compris
    {m'écoutez|vous m'écoutez|tu m'écoutes} {au moins|vraiment|ou}
    {me|m'} {comprenez|comprends|écoutez|entendez} pas
    {avez|as} rien compris
    {pas|pas du tout} {compris|ce que j'ai demandé|ce que je demande|ce que j'ai dit|ce que je veux|ce que je voulais|ma question}
    vous l'ai déjà dit
    {je l'ai|ai} déjà {dit|expliqué|répondu|donné}
    {ça n'a|n'a|ça a} {aucun|pas de} sens
    {ça|cela} {ne m'aide|m'aide|ne sert|sert} {pas|à rien}
    comprends pas {ce que vous|ce que tu}
    {c'est|vous vous} {faux|trompez|pas ça|pas correct}
    {toujours|encore} la même {chose|question}
    perte de temps
    {n'est|est} pas {ça|cela}
  `,
  agentUncertainty: `
    {n'ai|ai} pas {bien|} {compris|entendu|saisi}
    {peux|suis} pas {vous aider|en mesure de vous aider}
    {n'ai|ai} pas cette information
    {pouvez|pourriez} vous {répéter|reformuler}
  `,
  agentAlarm: `
    {ressemble à|semble être|c'est} une urgence {médicale|vitale|}
    {raccrochez} et {appelez|composez}
  `,
  wholeEmergency: `
    au secours
    à l'aide
    aidez moi
    au feu
    urgence
    ambulance
    police
  `,
  wholePerson: `
    conseiller
    opérateur
    opératrice
    un humain
    humain
    une personne
    agent
    responsable
    service client
  `,
  harmless: `
    {meurs|mourir|mort|meurt|mourais} de {faim|soif|rire|froid|honte|envie|peur|chaud}
    {à mourir|mortel}
    {failli|presque} {faire|fait|avoir|eu} {une|un} {crise cardiaque|infarctus|attaque}
    {feu|feux} {rouge|rouges|vert|d'artifice|tricolore|tricolores|de bois|de camp|de circulation}
    {coup de|tout} feu
    {prix|budget|coûts|ventes} {a|ont|} explosé
    {numéro|contact|sortie|issue|issues|service|services|coordonnées} d'urgence
    {agent|agents} {immobilier|immobiliers|d'assurance|commercial|général}
    {mon|un} avocat {m'a|est|a}
    {assurance|alarme} incendie
    {pas|plus} {si|très|vraiment|trop|} urgent
    {détecteur|détecteurs} de
    être humain {est|normal}
  `,
  elsewhere: `
    il y a {des années|dix ans|longtemps|deux ans|un an|quelques années|des mois}
    l'année dernière
    {en cas|au cas} {de|d'|où}
    {film|cours|formation|roman|exercice} {sur|de|d'}
    antécédents
  `,
  strictNegators: ``,
  negators: `pas plus aucun aucune sans jamais ni`,
  between: `de d du besoin une un le la l des ai mal très ne eu envie d'une d'un`,
  negatorsAfter: ``,
  courtesies: `s il vous plaît te plait bonjour oui je veux voudrais un une le la allô vite`,
};
